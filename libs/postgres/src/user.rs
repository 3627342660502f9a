use std::fs;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::Path;

use crate::error::{Error, Result};

/// Who runs the server when `ddb` is root, in order of preference: a user made for it keeps the data apart from everything else.
const NAMES: [&str; 3] = ["ddb", "postgres", "nobody"];

/// The unprivileged user whom the server runs as and whom the cluster belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerUser {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl ServerUser {
    /// `None` unless `ddb` is root: then the server runs as the same user as `ddb`.
    /// The owner of an existing cluster is kept, so that a user added later does not take the data away from its server.
    pub(crate) fn choose(cluster: &Path) -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").map_err(Error::io("read", "/etc/passwd"))?;
        if let Ok(metadata) = fs::symlink_metadata(cluster)
            && metadata.uid() != 0
        {
            let name = parse(&users)
                .find(|user| user.uid == metadata.uid())
                .map_or_else(|| metadata.uid().to_string(), |user| user.name);
            return Ok(Some(Self { name, uid: metadata.uid(), gid: metadata.gid() }));
        }
        for name in NAMES {
            if let Some(user) = parse(&users).find(|user| user.name == name && user.uid != 0) {
                return Ok(Some(user));
            }
        }
        Err(Error::NoServerUser)
    }

    /// Gives a whole tree to the user; links are changed, not followed.
    pub(crate) fn take_tree(&self, path: &Path) -> Result<()> {
        lchown(path, Some(self.uid), Some(self.gid)).map_err(Error::io("change the owner of", path))?;
        let metadata = fs::symlink_metadata(path).map_err(Error::io("read", path))?;
        if metadata.is_dir() {
            for entry in fs::read_dir(path).map_err(Error::io("read", path))? {
                self.take_tree(&entry.map_err(Error::io("read", path))?.path())?;
            }
        }
        Ok(())
    }
}

pub(crate) fn parse(passwd: &str) -> impl Iterator<Item = ServerUser> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(ServerUser { name, uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_and_broken_lines_skipped() {
        let users: Vec<_> =
            parse("root:x:0:0:root:/root:/bin/sh\nbroken\nx:y:z\npostgres:x:101:104:,,:/var:/bin/bash\n").collect();
        assert_eq!(users.len(), 2);
        assert_eq!(users[1], ServerUser { name: "postgres".into(), uid: 101, gid: 104 });
    }
}

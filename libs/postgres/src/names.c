/* Answers for a user who has no name, for programs of PostgreSQL that ask for their own. Loaded with LD_PRELOAD; it needs no other library. */

#include <pwd.h>
#include <stddef.h>

static struct passwd nameless(uid_t uid) {
  struct passwd user = {0};
  user.pw_name = "ddb";
  user.pw_passwd = "x";
  user.pw_uid = uid;
  user.pw_gid = (gid_t)uid;
  user.pw_gecos = "";
  user.pw_dir = "/";
  user.pw_shell = "/bin/false";
  return user;
}

struct passwd *getpwuid(uid_t uid) {
  static struct passwd user;
  user = nameless(uid);
  return &user;
}

int getpwuid_r(uid_t uid, struct passwd *user, char *buffer, size_t size, struct passwd **found) {
  (void)buffer;
  (void)size;
  *user = nameless(uid);
  *found = user;
  return 0;
}

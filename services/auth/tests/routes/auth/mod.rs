mod me;
mod password;
mod refresh;
mod sessions;
mod signin;
mod signout;
mod signup;

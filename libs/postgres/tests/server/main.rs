//! The embedded PostgreSQL as `ddb` meets it: real servers, real processes, real disks. The tests run as root, because most of what can go
//! wrong between users and disks can be set up by root only; one of them gives root up to show the ordinary user's way.
//!
//! Mutants: each of these lines, when broken, makes the test behind it fail.
//!
//! | broken on purpose | fails |
//! |---|---|
//! | `lock.rs`: no `try_lock` | `owner::a_second_owner_is_refused_with_the_pid_of_the_first` |
//! | `instance.rs`: `Postmaster` without `drop` | `start::a_server_whose_runtime_ends_stops_too_and_the_next_start_tidies_up` |
//! | `orphan.rs` `clear`: no `stop` of the known postmaster | `owner::the_server_of_a_killed_owner_is_stopped_and_started_anew` |
//! | `orphan.rs` `clear`: the question `known` is always true | `owner::a_server_that_ddb_did_not_start_is_left_alone` |
//! | `orphan.rs`: no `forget_stale_pid` | `owner::a_pid_file_with_the_pid_of_an_innocent_process_harms_neither` |
//! | `state.rs` `is_server`: the start time is not compared | `owner::a_process_that_only_looks_like_the_recorded_server_is_never_signalled` |
//! | `state.rs` `is_server`: the arguments are not looked at | `owner::a_pid_file_with_the_pid_of_an_innocent_process_harms_neither` |
//! | `orphan.rs`: no `end_remains` in `make_way` | `death::a_killed_postmaster_is_replaced_while_a_backend_is_busy` |
//! | `server.rs` `supervise`: no restart | `death::a_killed_postmaster_is_replaced_while_a_backend_is_busy` |
//! | `cluster.rs` `create`: made in place, no rename | `death::a_start_that_is_killed_leaves_no_half_database`, `disk::a_full_disk_leaves_no_half_database` |
//! | `command.rs`: the plain path instead of the descriptor | `start::root_runs_a_server_below_a_home_that_nobody_else_may_enter` |
//! | `command.rs`: no `env_clear` | `start::the_server_inherits_no_secret_of_the_environment` |
//! | `reach.rs`: always as it is | `programs::programs_that_the_user_cannot_reach_are_copied` |
//! | `server.rs` `password`: what is exposed is used | `user::a_password_that_others_could_read_is_replaced` |
//! | `orphan.rs` `forget_stale_pid`: asks `Process::open` | `owner::a_dead_server_that_nobody_reaps_is_in_nobodys_way` |
//! | `server.rs` `supervise`: no `until_unreachable` | `death::a_server_whose_socket_was_removed_is_started_again` |
//! | `socket.rs` `ensure`: the owner is not asked for | `death::a_directory_that_somebody_else_put_in_place_is_not_used` |
//! | `directory.rs`: `check_for_start` refuses nothing | `directory::a_folder_of_somebody_else_is_refused_and_nothing_is_made_in_it` |
//! | `directory.rs`: `check_for_command` refuses nothing | `directory::nothing_is_ever_made_for_a_command` |
//! | `cluster.rs` `check`: `open_access` is not asked | `refusal::a_database_that_lets_in_without_password_is_refused` |
//! | `cluster.rs` `check`: the major is not compared | `refusal::another_major_version_is_refused_with_the_way_out` |
//! | `settings.rs`: without `fsync=on` | `start::what_the_files_of_the_cluster_say_weakens_nothing` |
//! | `space.rs`: `free` is `f_blocks` | `disk::the_room_on_a_disk_is_told` |
//! | `socket.rs` `remove`: does nothing | `start::a_stopped_server_leaves_nothing_behind` |

mod death;
mod directory;
mod disk;
mod helper;
mod owner;
mod programs;
mod refusal;
mod start;
mod support;
mod user;

// What the C library's headers do not show to Swift.

#ifndef CSPAWN_H
#define CSPAWN_H

#include <spawn.h>

/// The child closes all descriptors from `first` on. posix_spawn_file_actions_addclosefrom_np (glibc 2.34), with its errors.
int cspawn_close_from(posix_spawn_file_actions_t *actions, int first);

/// No file that the process writes becomes longer than this. prlimit(2), with its errors.
int cspawn_limit_files(pid_t pid, long bytes);

#endif

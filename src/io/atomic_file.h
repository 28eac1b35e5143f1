/* A file that is replaced as a whole or not at all.
 *
 * What is written goes to a temporary file in the same folder, with a name that nobody can guess and that must not exist. At the
 * end it is synced and renamed over the path, and the folder is synced. Until the rename the old file is whole; after it the new
 * one is. A new file gets the permissions that the umask leaves; one that replaces another keeps that one's. A symbolic link
 * stays, and what it points to is replaced. A process that is killed leaves its temporary file, ".gusto-" and 16 hexadecimal
 * digits, and the old file.
 *
 * A path that is no regular file but a stream (/dev/null, a FIFO, a terminal) is written in place and in order, since what has
 * gone down a pipe cannot be taken back. */
#ifndef GU_ATOMIC_FILE_H
#define GU_ATOMIC_FILE_H

#include "core/context.h"

typedef struct gu_atomic_file gu_atomic_file;

/* Begins to write the file at path.   path: copied.   context: borrowed until the close.
 * Errors: GUSTO_EIO (a folder, or one that is missing or closed to us: the message has the path and the system's reason),
 * GUSTO_ENOMEM. */
gusto_status gu_atomic_file_create(gusto_context *context, const char *path, gu_atomic_file **out);

/* Appends data [size]. Small pieces are gathered, large ones go straight to the system.   Errors: GUSTO_EIO. */
gusto_status gu_atomic_file_write(gu_atomic_file *file, const void *data, size_t size);

/* Ends the file, in all cases: if status is GUSTO_OK puts it in place, else throws it away and leaves the old one. Frees file;
 * NULL is allowed. Returns status, or GUSTO_EIO if that was GUSTO_OK and the file could not be put in place. */
gusto_status gu_atomic_file_close(gu_atomic_file *file, gusto_status status);

#endif

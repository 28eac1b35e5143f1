/* Ratings as tensors of a container. docs/file-format.md lists them. */
#ifndef GU_RATINGS_CONTAINER_H
#define GU_RATINGS_CONTAINER_H

#include <gusto/container.h>
#include <gusto/ratings.h>

/* Writes ratings: sparse ones by user, dense ones as their matrix; with weights, times and dictionaries if there are any.
 * Errors: GUSTO_EIO, GUSTO_ENOMEM. */
gusto_status gu_ratings_container_write(gusto_context *context, const gusto_ratings *ratings, const char *path);

/* Reads ratings. Their arrays stay in the map of the file, unless its reals are of the other precision: those are converted. The
 * dictionaries are copied.   Errors: as gusto_container_open; GUSTO_EFORMAT for what is no ratings. The caller destroys *out. */
gusto_status gu_ratings_container_read(gusto_context *context, const char *path, gusto_ratings **out);

/* The same from a container that is open. It is the ratings' from now on, and is closed if there is an error. */
gusto_status gu_ratings_from_container(gusto_context *context, gusto_container *container, gusto_ratings **out);

/* Whether a file that begins with head [n_head] is a container, cut off or not: its first 8 bytes are a plausible length, which
 * no text's are, and then comes a brace. */
bool gu_is_container(const unsigned char *head, size_t n_head, int64_t file_size);

#endif

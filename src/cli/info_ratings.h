/* Ratings in figures: how many, of whom, on what scale. */
#ifndef CLI_INFO_RATINGS_H
#define CLI_INFO_RATINGS_H

#include "cli/common.h"

/* Reads a ratings file with the reading options and prints what is in it, as lines or as one JSON object. */
exit_code info_of_ratings(session *s, const char *path, bool json);

#endif

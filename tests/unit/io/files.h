/* What the tests of readers of files begin and end with: a context that counts, and a fresh folder. */
#ifndef FILES_H
#define FILES_H

#include "folder.h"
#include "reading.h"

static inline void files_setup(void)
{
    reading_setup();
    folder_make();
}

static inline void files_teardown(void)
{
    folder_remove();
    reading_teardown();
}

#endif

/* Runs a fuzz target over kept files, with any compiler: replay FOLDER. A finding is a crash, so a sanitizer build sees most. */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return EXIT_FAILURE;
    }
    const size_t size = (size_t)ftell(file);
    uint8_t     *data = malloc(size + 1);
    rewind(file);
    const size_t n = data ? fread(data, 1, size, file) : 0;
    fclose(file);
    if (data && n == size)
        LLVMFuzzerTestOneInput(data, size);
    free(data);
    return n == size ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return EXIT_FAILURE;
    }
    int n = 0, failed = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        failed += replay(path) != EXIT_SUCCESS;
        n++;
    }
    closedir(folder);
    printf("%d files, %d unreadable\n", n, failed);
    return n > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

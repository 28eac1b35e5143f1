/* Writes containers into a folder, for a reader in another language: write_containers FOLDER. read_containers.py knows what is in them. */
#include <gusto/gusto.h>

#include <stdio.h>
#include <stdlib.h>

static gusto_context *context;

static void save(const char *folder, const char *name, const gusto_tensor *tensors, int n_tensors, const gusto_metadata *metadata,
                 int n_metadata)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (gusto_container_write(context, path, tensors, n_tensors, metadata, n_metadata) != GUSTO_OK) {
        fprintf(stderr, "%s\n", gusto_context_message(context));
        exit(EXIT_FAILURE);
    }
}

/* One tensor of each dtype, of sizes on both sides of every turn that XXH3 takes: 0, 3, 8, 16, 128, 240, 1024 bytes. */
static void save_sizes(const char *folder)
{
    static const int sizes[] = {0, 1, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 1024, 1025, 2048, 5000};
    enum { N = sizeof sizes / sizeof *sizes };
    static unsigned char bytes[5000];
    static char          name[N][8];
    gusto_tensor         tensors[N];
    for (int j = 0; j < 5000; j++)
        bytes[j] = (unsigned char)(j * 7 % 251);
    for (int t = 0; t < N; t++) {
        snprintf(name[t], sizeof name[t], "u%d", sizes[t]);
        tensors[t] = (gusto_tensor){name[t], GUSTO_U8, sizes[t], 1, 1, bytes};
    }
    save(folder, "sizes", tensors, N, NULL, 0);
}

int main(int argc, char **argv)
{
    static const unsigned char  bytes[] = {1, 2, 255};
    static const int32_t        ints[] = {INT32_MIN, -1, INT32_MAX};
    static const int64_t        longs[] = {INT64_MIN, 7};
    static const float          floats[] = {0.5f, -1, 9, 3, 4, 9}; /* 2 x 2, ld 3 */
    static const double         doubles[] = {0.1, 1e300, -0.25};
    static const gusto_tensor   tensors[] = {{"bytes", GUSTO_U8, 3, 1, 1, bytes},
                                             {"ints \"\\\xc3\xa9\n", GUSTO_I32, 3, 1, 1, ints},
                                             {"longs", GUSTO_I64, 2, 1, 1, longs},
                                             {"floats", GUSTO_F32, 2, 2, 3, floats},
                                             {"doubles", GUSTO_F64, 1, 3, 3, doubles}};
    static const gusto_metadata metadata[] = {{"kind", "sample"}, {"text", "tab \t quote \" \xe2\x82\xac"}};

    if (argc != 2 || gusto_context_create(NULL, &context) != GUSTO_OK)
        return EXIT_FAILURE;
    save(argv[1], "empty", NULL, 0, NULL, 0);
    save(argv[1], "sample", tensors, sizeof tensors / sizeof *tensors, metadata, sizeof metadata / sizeof *metadata);
    save_sizes(argv[1]);
    gusto_context_destroy(context);
    return EXIT_SUCCESS;
}

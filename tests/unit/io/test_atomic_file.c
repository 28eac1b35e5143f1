/* Files that are replaced as a whole or not at all. */
#define _XOPEN_SOURCE 700 /* mkdtemp, symlink, mkfifo */

#include "io/atomic_file.h"

#include "core/memory.h"

#include "../suite.h"
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static gusto_context *context;
static counting       memory;

static void setup(void)
{
    memory = (counting){0};
    const gusto_allocator allocator = counting_allocator(&memory);
    ck_assert_int_eq(gusto_context_create(&allocator, &context), GUSTO_OK);
    folder_make();
}

static void teardown(void)
{
    gusto_context_destroy(context);
    ck_assert_int_eq(memory.live, 0);
    folder_remove();
}

static gusto_status write_file(const char *path, const char *text)
{
    gu_atomic_file *file;
    gusto_status    status = gu_atomic_file_create(context, path, &file);
    if (status != GUSTO_OK) {
        ck_assert_ptr_null(file);
        return status;
    }
    return gu_atomic_file_close(file, gu_atomic_file_write(file, text, strlen(text)));
}

static void expect_text(const char *path, const char *text)
{
    size_t         size;
    unsigned char *found = get_file(path, &size);
    ck_assert_str_eq((char *)found, text);
    free(found);
}

static mode_t mode_of(const char *path)
{
    struct stat status;
    ck_assert_int_eq(lstat(path, &status), 0);
    return status.st_mode;
}

START_TEST(new_and_replaced)
{
    const char  *path = in_folder("file");
    const mode_t was = umask(027);
    ck_assert_int_eq(write_file(path, "first"), GUSTO_OK);
    expect_text(path, "first");
    umask(was);
    ck_assert_int_eq(mode_of(path) & 0777, 0640);
    ck_assert_int_eq(chmod(path, 0604), 0);
    ck_assert_int_eq(write_file(path, "second"), GUSTO_OK);
    expect_text(path, "second");
    ck_assert_int_eq(mode_of(path) & 0777, 0604);
    ck_assert_int_eq(folder_count(), 1);
}
END_TEST

START_TEST(relative_path)
{
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(write_file("file", "text"), GUSTO_OK);
    expect_text(in_folder("file"), "text");
    ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

/* The old file is whole until the close, and after a close that throws away. */
START_TEST(thrown_away)
{
    const char     *path = in_folder("file");
    gu_atomic_file *file;
    put_file(path, "old", 3);
    ck_assert_int_eq(gu_atomic_file_create(context, path, &file), GUSTO_OK);
    ck_assert_int_eq(gu_atomic_file_write(file, "new", 3), GUSTO_OK);
    expect_text(path, "old");
    ck_assert_int_eq(folder_count(), 2);
    ck_assert_int_eq(gu_atomic_file_close(file, GUSTO_EARG), GUSTO_EARG);
    expect_text(path, "old");
    ck_assert_int_eq(folder_count(), 1);
    ck_assert_int_eq(gu_atomic_file_close(NULL, GUSTO_EIO), GUSTO_EIO);
}
END_TEST

/* Pieces of every kind of size, around that of the buffer (2^20), arrive in order. */
START_TEST(pieces)
{
    static const size_t sizes[] = {1, 1000, (1 << 20) - 1002, 2, 1 << 20, 3 << 20, 0, 5, (1 << 20) - 1, 1, 1};
    gu_atomic_file     *file;
    size_t              total = 0, size, at = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        total += sizes[s];
    unsigned char *expected = malloc(total);
    for (size_t j = 0; j < total; j++)
        expected[j] = (unsigned char)(j * 2654435761u >> 13);

    ck_assert_int_eq(gu_atomic_file_create(context, in_folder("file"), &file), GUSTO_OK);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; at += sizes[s++])
        ck_assert_int_eq(gu_atomic_file_write(file, expected + at, sizes[s]), GUSTO_OK);
    ck_assert_int_eq(gu_atomic_file_close(file, GUSTO_OK), GUSTO_OK);
    unsigned char *found = get_file(in_folder("file"), &size);
    ck_assert_uint_eq(size, total);
    ck_assert_int_eq(memcmp(found, expected, total), 0);
    free(found);
    free(expected);
}
END_TEST

START_TEST(link_is_followed)
{
    put_file(in_folder("file"), "old", 3);
    ck_assert_int_eq(symlink("file", in_folder("link")), 0);
    ck_assert_int_eq(write_file(in_folder("link"), "new"), GUSTO_OK);
    ck_assert(S_ISLNK(mode_of(in_folder("link"))));
    expect_text(in_folder("file"), "new");
    ck_assert_int_eq(folder_count(), 2);
}
END_TEST

static void expect_error(const char *path, const char *reason)
{
    ck_assert_int_eq(write_file(path, "text"), GUSTO_EIO);
    ck_assert_msg(strstr(gusto_context_message(context), path) != NULL, "no path: %s", gusto_context_message(context));
    ck_assert_msg(strstr(gusto_context_message(context), reason) != NULL, "not %s: %s", reason, gusto_context_message(context));
}

START_TEST(no_such_place)
{
    expect_error(folder, strerror(EISDIR));
    expect_error(in_folder("absent/file"), strerror(ENOENT));
    put_file(in_folder("plain"), "", 0);
    expect_error(in_folder("plain/file"), strerror(ENOTDIR));
    expect_error("", strerror(ENOENT));
    if (geteuid() != 0) {
        ck_assert_int_eq(chmod(in_folder("plain"), 0444), 0);
        expect_error(in_folder("plain"), strerror(EACCES));
    }
    ck_assert_int_eq(folder_count(), 1);
}
END_TEST

/* A limit on the size of files stands for a full disk: the system refuses in the same call. Returns what it was. */
static rlim_t limit_files(rlim_t size)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlim_t was = limit.rlim_cur;
    limit.rlim_cur = size;
    signal(SIGXFSZ, SIG_IGN); /* else it ends the process */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return was;
}

START_TEST(full_disk)
{
    const char *path = in_folder("file");
    const char  piece[100] = {0};
    put_file(path, "old", 3);
    const rlim_t was = limit_files(3 << 20);

    gu_atomic_file *file;
    ck_assert_int_eq(gu_atomic_file_create(context, path, &file), GUSTO_OK);
    gusto_status status = GUSTO_OK;
    for (int64_t n = 0; n < 4 << 20 && status == GUSTO_OK; n += (int64_t)sizeof piece)
        status = gu_atomic_file_write(file, piece, sizeof piece);
    ck_assert_int_eq(status, GUSTO_EIO);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), strerror(EFBIG)));
    ck_assert_int_eq(gu_atomic_file_close(file, status), GUSTO_EIO);
    limit_files(was);
    expect_text(path, "old");
    ck_assert_int_eq(folder_count(), 1);
}
END_TEST

/* The buffer's last bytes meet the limit only in the close. */
START_TEST(full_at_the_end)
{
    const char *path = in_folder("file");
    put_file(path, "old", 3);
    const rlim_t was = limit_files(4);
    ck_assert_int_eq(write_file(path, "longer"), GUSTO_EIO);
    limit_files(was);
    expect_text(path, "old");
    ck_assert_int_eq(folder_count(), 1);
}
END_TEST

START_TEST(streams_are_written_in_place)
{
    char text[8] = {0};
    ck_assert_int_eq(mkfifo(in_folder("fifo"), 0600), 0);
    const int fd = open(in_folder("fifo"), O_RDONLY | O_NONBLOCK);
    ck_assert_int_eq(write_file(in_folder("fifo"), "text"), GUSTO_OK);
    ck_assert_int_eq(read(fd, text, sizeof text), 4);
    ck_assert_str_eq(text, "text");
    close(fd);
    ck_assert(S_ISFIFO(mode_of(in_folder("fifo"))));

    ck_assert_int_eq(write_file("/dev/null", "text"), GUSTO_OK);
    ck_assert(S_ISCHR(mode_of("/dev/null")));
    if (access("/dev/full", W_OK) == 0)
        expect_error("/dev/full", strerror(ENOSPC));
}
END_TEST

START_TEST(n_th_allocation_fails)
{
    const char  *path = in_folder("file");
    gusto_status status = GUSTO_ENOMEM;
    int64_t      n;
    put_file(path, "old", 3);
    for (n = 1; status == GUSTO_ENOMEM; n++) {
        const int64_t held = memory.live;
        expect_text(path, "old");
        ck_assert_int_eq(folder_count(), 1);
        memory.calls = 0;
        memory.fail_at = n;
        status = write_file(path, "new");
        ck_assert_int_eq(memory.live, held);
    }
    ck_assert_int_eq(status, GUSTO_OK);
    ck_assert_int_gt(n, 5);
    expect_text(path, "new");
    memory.fail_at = 0;
}
END_TEST

int main(void)
{
    RUN_WITH("atomic_file", setup, teardown, new_and_replaced, relative_path, thrown_away, pieces, link_is_followed,
             no_such_place, full_disk, full_at_the_end, streams_are_written_in_place, n_th_allocation_fails);
}

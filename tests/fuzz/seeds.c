/* SPDX-License-Identifier: Apache-2.0 */
/* seeds FOLDER: writes first inputs that no text file of the project is: ELF files to FOLDER/elf, zips to FOLDER/zip,
   refused requests (fuzz_sigv4_explain.c says how) to FOLDER/explain. */
#include <stdio.h>
#include <sys/stat.h>

#include "elf_sample.h"
#include "zip_sample.h"

static bool write_seed(const char *folder, const char *kind, int number, struct str bytes) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, kind);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%d", folder, kind, number);
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(bytes.p, 1, bytes.n, f) == bytes.n;
    if (f && fclose(f)) ok = false;
    if (!ok) perror(path);
    return ok;
}

static bool write_elfs(const char *folder, struct arena *a) {
    const struct elf_sample samples[] = {
        {.machine = ELF_AARCH64},
        {.interpreter = "/lib64/ld-linux-x86-64.so.2",
         .needed = {"libc.so.6"},
         .versions = {"GLIBC_2.34", "GLIBC_2.4"}},
        {.type = ELF_SHARED, .needed = {"a", "b"}, .flags_1 = 0x08000001, .bind_now = true, .no_relro = true}};
    bool ok = true;
    for (int i = 0; i < 3; i++) ok = write_seed(folder, "elf", i, elf_sample(&samples[i], a)) && ok;
    return ok;
}

static bool write_zips(const char *folder, struct arena *a) {
    const struct zip_sample_file files[] = {
        {STR("bootstrap"), STR("one two one two one two"), 0100755, ZIP_SAMPLE_UNIX, ZIP_SAMPLE_DEFLATED, 0, 0},
        {STR("lib/"), STR(""), 0040755, ZIP_SAMPLE_UNIX, ZIP_SAMPLE_STORED, 0, 0},
        {STR("lib/a"), STR("stored"), 0100644, 0, ZIP_SAMPLE_STORED, 0, 0}};
    bool ok = true;
    for (int i = 0; i < 3; i++)
        ok = write_seed(folder, "zip", i, zip_sample(files + i, (size_t)(3 - i), STR(""), a)) && ok;
    return ok;
}

#define SHOWN(path) "POST\n" path "\na=1&b=2\naccept:*/*\nhost:a\nx-amz-security-token:t\n\naccept;host\ne3b0"
#define STRING "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/eu-west-1/execute-api/aws4_request\n00"

static bool write_refusals(const char *folder) {
    static const struct str seeds[] = {
        STR_INIT("\1" SHOWN("/a%20b") "\1" STRING "\1\1" SHOWN(
            "/a%2520b") "'\n\nThe String-to-Sign should have been\n'" STRING "'"),
        STR_INIT("\2" SHOWN(
            "/") "\1" STRING "\1AccessDeniedException\1{\"Message\":\"User: u is not authorized to "
                 "perform: execute-api:Invoke on resource: arn:aws:execute-api:e:1:a/s/GET/ with an explicit deny\"}"),
        STR_INIT(
            "\6\1\1\1Signature expired: 20210330T175821Z is now earlier than 20210330T180403Z (20210330T180903Z - 5 "
            "min.)"),
        STR_INIT(
            "\0\1\1\1Credential should be scoped to a valid region, not 'us-east-1'. Credential should be scoped to "
            "correct service: 'execute-api'."),
        STR_INIT("\0\1\1UnrecognizedClientException\1{\"message\":\"The security token included in the request is "
                 "invalid.\"}"),
    };
    bool ok = true;
    for (int i = 0; i < 5; i++) ok = write_seed(folder, "explain", i, seeds[i]) && ok;
    return ok;
}

int main(int argc, char **argv) {
    struct arena a;
    arena_init(&a, 64 * 1024 * 1024);
    bool ok = argc == 2 && write_elfs(argv[1], &a) && write_zips(argv[1], &a) && write_refusals(argv[1]);
    arena_close(&a);
    return ok ? 0 : 1;
}

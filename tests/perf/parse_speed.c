/*
 * How fast a file is read: parse_speed ours|cjson|sha256 FILE. Prints megabytes, CPU seconds and
 * the sum of the times per iteration, which must be the same for ours and cJSON on Criterion's
 * lines.
 */
#include "base/alloc.h"
#include "parse/format.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int sum_values(void *context, const struct measurement *m, struct error *err)
{
    (void)err;
    double sum = 0;
    for (size_t i = 0; i < m->value_count; i++)
        sum += m->values[i];
    *(double *)context += sum;
    return 0;
}

static int read_ours(struct input *input, double *sum, struct error *err)
{
    const struct parse_format *format = NULL;
    const struct measurement_sink sink = {sum_values, sum};
    struct parse_report report = PARSE_REPORT_INIT;
    int rc = format_select("auto", input, &format, err);
    return rc < 0 ? rc : format_parse(format, input, &sink, &report, err);
}

static double sum_line(const char *line, size_t len)
{
    cJSON *json = cJSON_ParseWithLength(line, len);
    const cJSON *total = cJSON_GetObjectItemCaseSensitive(json, "measured_values");
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(json, "iteration_count");
    total = total ? total->child : NULL;
    count = count ? count->child : NULL;
    double sum = 0;
    for (; total && count; total = total->next, count = count->next)
        sum += total->valuedouble / count->valuedouble;
    cJSON_Delete(json);
    return sum;
}

static int read_cjson(const char *path, double *sum, struct error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set(err, ERROR_NOT_FOUND, "File not found: %s", path);
    AUTO_FREE char *line = NULL;
    size_t cap = 0;
    ssize_t len = 0;
    while ((len = getline(&line, &cap, file)) > 0)
        *sum += sum_line(line, (size_t)len);
    fclose(file);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: parse_speed ours|cjson|sha256 FILE\n");
        return 1;
    }
    AUTO_INPUT struct input *input = NULL;
    struct error err = ERROR_INIT;
    char hex[SHA256_HEX_SIZE];
    double sum = 0;
    int rc = input_open(argv[2], INPUT_MAX_DEFAULT, &input, &err);
    clock_t start = clock();
    if (!rc && !strcmp(argv[1], "ours"))
        rc = read_ours(input, &sum, &err);
    else if (!rc && !strcmp(argv[1], "cjson"))
        rc = read_cjson(argv[2], &sum, &err);
    else if (!rc)
        rc = input_sha256(input, hex, &err);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (rc < 0) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    FILE *file = fopen(argv[2], "re");
    double megabytes = file && !fseeko(file, 0, SEEK_END) ? (double)ftello(file) / 1e6 : 0;
    if (file)
        fclose(file);
    printf("%-8s %7.1f MB %6.3f s of CPU %7.0f MB/s   sum %.12g\n", argv[1], megabytes, seconds,
           megabytes / seconds, sum);
    return 0;
}

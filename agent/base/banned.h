/*
 * Functions that do not compile in this tree: each has a safer neighbour named here. Force-included
 * into every C file by the build.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(func, instead) sorry_##func##_is_banned_use_##instead

#undef strcpy
#define strcpy(x, y) BANNED(strcpy, strbuf)
#undef strcat
#define strcat(x, y) BANNED(strcat, strbuf)
#undef strncpy
#define strncpy(x, y, n) BANNED(strncpy, xstrndup)
#undef strncat
#define strncat(x, y, n) BANNED(strncat, strbuf)
#undef strtok
#define strtok(x, y) BANNED(strtok, strsep)
#undef sprintf
#define sprintf(...) BANNED(sprintf, snprintf_or_strbuf_addf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf, vsnprintf_or_strbuf_vaddf)
#undef atoi
#define atoi(x) BANNED(atoi, parse_int64)
#undef atol
#define atol(x) BANNED(atol, parse_int64)
#undef atof
#define atof(x) BANNED(atof, parse_double)
#undef gmtime
#define gmtime(x) BANNED(gmtime, gmtime_r)
#undef localtime
#define localtime(x) BANNED(localtime, localtime_r)
#undef ctime
#define ctime(x) BANNED(ctime, time_format_iso)
#undef asctime
#define asctime(x) BANNED(asctime, time_format_iso)

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, dates and addresses as conditions write them.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "policy_parts.h"

static bool digits(struct str s, size_t at, size_t n, int64_t min, int64_t max, int64_t *out) {
    return at + n <= s.n && s.p[at] != '-' && str_read_int64((struct str){s.p + at, n}, min, max, out);
}

bool policy_number_read(struct str text, double *number) {
    char copy[64];
    size_t n_digits = 0, points = 0;
    if (text.n == 0 || text.n >= sizeof copy) return false;
    for (size_t i = 0; i < text.n; i++) {
        bool digit = text.p[i] >= '0' && text.p[i] <= '9';
        n_digits += digit;
        points += text.p[i] == '.';
        if (!digit && text.p[i] != '.' && !(i == 0 && text.p[i] == '-')) return false;
    }
    if (n_digits == 0 || points > 1) return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    *number = strtod(copy, NULL);
    return true;
}

static int64_t days_of_month(int64_t year, int64_t month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01 to the first of the month. */
static int64_t days_before(int64_t year, int64_t month) {
    int64_t y = year - 1, days = y * 365 + y / 4 - y / 100 + y / 400 - 719162;
    for (int64_t m = 1; m < month; m++) days += days_of_month(year, m);
    return days;
}

/* "Z", "+02:00" or "-0200" */
static bool read_zone(struct str s, int64_t *offset_s) {
    int64_t hours, minutes;
    *offset_s = 0;
    if (str_eq(s, STR("Z"))) return true;
    bool colon = s.n == 6 && s.p[3] == ':';
    if ((s.n != 5 && !colon) || (s.p[0] != '+' && s.p[0] != '-')) return false;
    if (!digits(s, 1, 2, 0, 23, &hours) || !digits(s, s.n - 2, 2, 0, 59, &minutes)) return false;
    *offset_s = (hours * 60 + minutes) * (s.p[0] == '-' ? -60 : 60);
    return true;
}

/* "12:00Z", "12:00:00Z", "12:00:00.000+02:00" */
static bool read_time(struct str s, int64_t *seconds) {
    int64_t hour, minute, second = 0, offset_s;
    size_t at = 5;
    if (!digits(s, 0, 2, 0, 23, &hour) || s.n < 6 || s.p[2] != ':' || !digits(s, 3, 2, 0, 59, &minute)) return false;
    if (s.p[5] == ':') {
        if (!digits(s, 6, 2, 0, 59, &second)) return false;
        at = 8;
        if (at < s.n && s.p[at] == '.')
            for (at++; at < s.n && s.p[at] >= '0' && s.p[at] <= '9';) at++;
    }
    if (!read_zone((struct str){s.p + at, s.n - at}, &offset_s)) return false;
    *seconds = hour * 3600 + minute * 60 + second - offset_s;
    return true;
}

/* Four digits from 1970 on are no date: they may be meant as a year. */
bool policy_date_read(struct str text, double *unix_s) {
    int64_t year, month, day, seconds = 0;
    if (str_read_int64(text, 0, INT64_C(100000000000), &seconds)) {
        if (text.n == 4 && seconds >= 1970) return false;
        *unix_s = (double)seconds;
        return true;
    }
    if (text.n < 10 || text.p[4] != '-' || text.p[7] != '-') return false;
    if (!digits(text, 0, 4, 1, 9999, &year) || !digits(text, 5, 2, 1, 12, &month) ||
        !digits(text, 8, 2, 1, days_of_month(year, month), &day))
        return false;
    if (text.n > 10 && (text.p[10] != 'T' || !read_time((struct str){text.p + 11, text.n - 11}, &seconds)))
        return false;
    *unix_s = (double)((days_before(year, month) + day - 1) * 86400 + seconds);
    return true;
}

bool policy_network_read(struct str text, struct policy_network *network) {
    char copy[64];
    int64_t bits;
    struct str rest = text, address;
    bool prefix = str_cut(&rest, '/', &address);
    if (address.n == 0 || address.n >= sizeof copy || memchr(address.p, 0, address.n)) return false;
    memcpy(copy, address.p, address.n);
    copy[address.n] = 0;
    *network = (struct policy_network){.bytes = strchr(copy, ':') ? 16 : 4};
    if (inet_pton(network->bytes == 16 ? AF_INET6 : AF_INET, copy, network->address) != 1) return false;
    network->bits = network->bytes * 8;
    if (!prefix) return true;
    if (!rest.n || rest.p[0] == '-' || !str_read_int64(rest, 0, network->bits, &bits)) return false;
    network->bits = (unsigned)bits;
    return true;
}

bool policy_network_holds(const struct policy_network *network, const struct policy_network *address) {
    if (network->bytes != address->bytes) return false;
    unsigned whole = network->bits / 8, left = network->bits % 8;
    unsigned mask = left ? 0xffu << (8 - left) & 0xffu : 0;
    return memcmp(network->address, address->address, whole) == 0 &&
           (!left || ((network->address[whole] ^ address->address[whole]) & mask) == 0);
}

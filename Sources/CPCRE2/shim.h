#pragma once
// The 8-bit library: paths are bytes. The width is a macro that must stand before the include.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

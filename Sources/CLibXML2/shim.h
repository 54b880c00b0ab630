#pragma once
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/c14n.h>

// xmlFree is a variable that holds a function; Swift takes a function only.
static inline void xmlFreeMemory(void *memory) { xmlFree(memory); }

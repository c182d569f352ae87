// What the allocator of glibc says of itself; Swift's Glibc module leaves it out.
#include <malloc.h>

#include <stddef.h>
#include <hiredis.h>

#if HIREDIS_MAJOR >= 1
static inline void *onsale_refuse_double(const redisReadTask *task, double value, char *text, size_t length) {
    return NULL;
}

static inline void *onsale_refuse_bool(const redisReadTask *task, int value) {
    return NULL;
}
#endif

// hiredis 1.0 also reads RESP3, which nobody here asked for: whoever sends it talks nonsense.
static inline void onsale_refuse_resp3(redisReplyObjectFunctions *functions) {
#if HIREDIS_MAJOR >= 1
    functions->createDouble = onsale_refuse_double;
    functions->createBool = onsale_refuse_bool;
#endif
}

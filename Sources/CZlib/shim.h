#include <zlib.h>

// deflateInit2 is a macro, which Swift can't see. 15 bits of window, and 16 for a gzip header.
static inline int onsale_gzip_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

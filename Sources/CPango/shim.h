#include <cairo-pdf.h>
#include <hb-ot.h>
#include <hb-subset.h>
#include <pango/pangocairo.h>

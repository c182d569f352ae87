// OnsaleHTTP

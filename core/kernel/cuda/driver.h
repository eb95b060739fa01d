// fusemoe_cuda_open opens the driver's library and starts it. It returns what is against
// it, or NULL.
const char *fusemoe_cuda_open(const char *library);

// The one translation unit that compiles Asio and Beast themselves; all others see declarations.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>

.a += 1 | .b[1:] |= map(.) | (.c, .d) //= null | del(.e[0], .f.g) | .h = reduce range(3) as $i (0; . + $i)

def f(g; $x): def h: g + $x; [h, (label $out | foreach .[] as [$a, {b: $c}] (0; . + $a; ., break $out))]; f(.a; 1, 2) | try error catch .

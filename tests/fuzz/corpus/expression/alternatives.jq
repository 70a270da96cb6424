.[] as [$a] ?// {a: $a, $b: [$c]} ?// $a | if $a then $b elif $c then -1.5e3 end # comment

var nickname = 'a\'b\\\x26\u4e2d\ud800\ud83d\ude00\
\q' || "x";var ct=1740787205;window.DATA = [["]",'[',[{}]],1];msg_title=''||""||f('x')
"""Signature policies that Fabric takes, and texts that it refuses: what both of our parsers are held to.

Every line is what ``FromString`` of Fabric 3.1.1's common/policydsl/policyparser.go says of the text.
"""

from __future__ import annotations

ACCEPTED = (
    "OR('AMSP.peer','BMSP.peer')",
    "OR('AMSP.orderer', 'AMSP.client', 'AMSP.admin', 'AMSP.member')",
    'and("AMSP.peer", or("BMSP.peer", \'CMSP.peer\'))',
    "And('AMSP.peer')",
    "Or('AMSP.peer', 'AMSP.peer')",
    "OutOf(2, 'AMSP.peer', 'BMSP.peer', AND('CMSP.peer'))",
    "OUTOF(1, OR('AMSP.peer'), 'BMSP.peer')",
    "outof (01 , 'AMSP.peer' )",
    "OutOf('1', 'AMSP.peer', 'BMSP.peer')",
    " \n OR\n(\t'AMSP.peer' )\n ",
    # Anything from nobody to one more than there are.
    "OutOf(0, 'AMSP.peer')",
    "AND('AMSP.peer', OutOf(0, 'BMSP.peer'))",
    "OutOf(2, 'AMSP.peer')",
    # An MSP ID is of letters, digits, dots and hyphens.
    "OR('org.with.dots.admin')",
    "OR('a-b.c1.member')",
    "OR('.A.peer')",
    "OR('-.peer')",
)

REFUSED = (
    "",
    "1",
    "'AMSP.peer'",
    "OR",
    "OR()",
    "OR('AMSP.peer'",
    "OR('AMSP.peer',)",
    "OR('AMSP.peer',,'BMSP.peer')",
    "OR('AMSP.peer'))",
    "OR 'AMSP.peer'",
    "OR,('AMSP.peer')",
    "OR['AMSP.peer']",
    "OR('AMSP.peer' 'BMSP.peer')",
    "OR('AMSP.peer' & 'BMSP.peer')",
    "OR('AMSP.peer') OR('BMSP.peer')",
    "OR('AMSP.peer', 2)",
    "OR('AMSP.peer', '2')",
    "OR('AMSP.peer', OutOf)",
    # Gates are written in three ways each, no others.
    "Xor('AMSP.peer')",
    "oR('AMSP.peer')",
    "aNd('AMSP.peer')",
    "outOf(1, 'AMSP.peer')",
    "Outof(1, 'AMSP.peer')",
    "OutOf()",
    "OutOf(1)",
    "OutOf(1,)",
    "OutOf(1 'AMSP.peer')",
    "OutOf('AMSP.peer')",
    "OutOf('AMSP.peer', 'BMSP.peer')",
    "OutOf(true, 'AMSP.peer')",
    "OutOf(-1, 'AMSP.peer')",
    "OutOf(3, 'AMSP.peer')",
    "OutOf(٢, 'AMSP.peer', 'BMSP.peer')",
    # Principals.
    "OR(AMSP.peer)",
    "OR('')",
    "OR('AMSP')",
    "OR('.peer')",
    "OR('AMSP.boss')",
    "OR('AMSP.Peer')",
    "OR('AMSP.peer ')",
    "OR(' AMSP.peer')",
    "OR('AMSP.peer\n')",
    "OR('A_B.peer')",
    "OR('A B.peer')",
    "OR('Ä.peer')",
)

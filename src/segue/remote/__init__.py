"""
Sessions in a remote core: any that speaks the SuperTokens core protocol, ours on another host or an existing one.

    settings   which core, and how it is asked
    dialect    what its protocol version means
    hosts      which of several hosts is asked first
    wire       the port that makes one HTTP exchange
    calls      requests, built
    answers    answers, judged
    exchange   one call: version, fail-over, patience
    keys       its public keys
    marks      what we write down with a session there
    sessions   the sessions, behind the seam
    minting    migration onto it

House rule: nothing here does I/O; the core's word is taken for its sessions, and for nothing else.
"""

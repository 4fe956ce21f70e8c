"""A session of a person in `jupyter console`, over a pseudo-terminal; prints what the terminal showed."""

import os
import sys

import pexpect

console = pexpect.spawn(
    os.path.join(os.path.dirname(sys.executable), "jupyter"),
    ["console", "--kernel", "nabla", "--simple-prompt"],
    encoding="utf8",
    timeout=60,
    dimensions=(40, 120),
)
console.logfile_read = sys.stdout

console.expect(r"TypeScript with tensors")
console.expect(r"In \[1\]:")
console.sendline('const π = Math.PI; "x" + π.toFixed(2)')
console.expect(r"Out\[1\]: 'x3.14'")

# A question of the kernel, answered in the terminal.
console.expect(r"In \[2\]:")
console.sendline('console.log("hello", await input("who? "))')
console.expect(r"who\? ")
console.sendline("Ada")
console.expect("hello Ada")

# Ctrl-C stops the cell and keeps the state.
console.expect(r"In \[3\]:")
console.sendline('console.log("spins"); for (;;) {}')
console.expect("\nspins")
console.sendintr()
console.expect("KeyboardInterrupt")
console.expect(r"In \[4\]:")
console.sendline("tensor([1, 2]).mul(π > 3 ? 2 : 1).sum().item()")
console.expect(r"Out\[4\]: 6")

# An error with its name.
console.expect(r"In \[5\]:")
console.sendline('throw new RangeError("on purpose")')
console.expect("RangeError.*on purpose")

# A command asks by the terminal.
console.expect(r"In \[6\]:")
console.sendline('!printf "name? "; read name; echo "hello $name"')
console.expect(r"name\? ")
console.sendline("Grace")
console.expect("hello Grace")

# The pager.
console.expect(r"In \[7\]:")
console.sendline("?Math.hypot")
console.expect("hypot")

# Ctrl-D ends the console and its kernel.
console.expect(r"In \[\d\]:")
console.sendeof()
console.expect([r"Do you really want to exit", pexpect.EOF])
if console.after is not pexpect.EOF:
    console.sendline("y")
    console.expect(pexpect.EOF)
console.close()

# With the prompt that people have, what is not complete goes on in the next line.
edited = pexpect.spawn(
    os.path.join(os.path.dirname(sys.executable), "jupyter"),
    ["console", "--kernel", "nabla"],
    encoding="utf8",
    timeout=60,
    dimensions=(40, 120),
)
edited.logfile_read = sys.stdout
edited.expect(r"In \[")
edited.send("function twice(x: number) {\r")
edited.expect(r"\.\.\.")
edited.send("return 2 * x; }\r")
edited.expect(r"\n.*In \[.*2")
edited.send("twice(10500)\r")
edited.expect("21000")
edited.close(force=True)

print("\nended with", console.exitstatus)

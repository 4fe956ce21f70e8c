"""Runs jupyter_kernel_test against the installed Nabla kernel and prints the outcome as one line of JSON.

Every attribute is set: one left unset skips its test without a word, so the caller asserts that nothing was skipped.
"""

import json
import sys
import unittest

import jupyter_kernel_test


class NablaKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "nabla"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('this goes to stderr')"
    completion_samples = [
        {"text": "Math.hypo", "matches": {"hypot"}},
        {"text": "JSON.str", "matches": {"stringify"}},
        {"text": "Number.isSafe", "matches": {"isSafeInteger"}},
    ]
    complete_code_samples = [
        "1 + 1",
        "const x: number = 1",
        "function f(a: string): string { return a }",
        "for (const i of [1, 2]) { console.log(i) }",
        "const wrong: number = 'a type error is complete code'",
        "`template ${1 + 1}`",
    ]
    incomplete_code_samples = [
        "function f() {",
        "const x = [1,",
        "`unterminated template",
        "/* unterminated comment",
        "1 +",
        "class A {\n  b = 1",
    ]
    invalid_code_samples = ["const = 3", "1 2", "let x = )", "}"]
    code_page_something = "?Math.hypot"
    code_generate_error = "throw new Error('on purpose')"
    code_execute_result = [
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": "[1, 2].map((x: number) => 2 * x).length", "result": "2"},
        {"code": "await Promise.resolve(42)", "result": "42"},
        {"code": "6 * 7", "result": "42"},
        {"code": "6 * 7", "result": "42"},
        {"code": "6 * 7", "result": "42"},
    ]
    code_display_data = [
        {"code": "display('shown')", "mime": "text/plain"},
        {"code": "display(html`<b>bold</b>`)", "mime": "text/html"},
    ]
    code_history_pattern = "6 * 7"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "Math.hypot"
    code_clear_output = "clearOutput()"


class NablaIopubWelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "nabla"
    support_iopub_welcome = True


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(suite)
    print(
        json.dumps(
            {
                "run": result.testsRun,
                "failed": [str(test) for test, _ in result.failures + result.errors],
                "skipped": [f"{test}: {reason}" for test, reason in result.skipped],
            }
        )
    )

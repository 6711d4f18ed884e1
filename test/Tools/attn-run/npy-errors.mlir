// Files that are not what they should be. Bytes by printf: no numpy needed.
// DEFINE: %{run} = not attn-run %s --input=@%t.npy
// DEFINE: %{check} = FileCheck %s

// RUN: rm -f %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=ABSENT
// ABSENT: attn-run: error: cannot read '{{.*}}.npy': {{[Nn]}}o such file or directory

// RUN: printf 'hello, world' > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=MAGIC
// MAGIC: attn-run: error: {{.*}}.npy: not a .npy file; save it with np.save(f, np.ascontiguousarray(x))

// RUN: printf '\223NUMPY\007\000\020\000' > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=VERSION
// VERSION: unknown .npy version 7.0; save it with np.save

// RUN: printf '\223NUMPY\001' > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=SHORT
// RUN: printf '\223NUMPY\001\000\377\377{' > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=SHORT
// RUN: printf '\223NUMPY\003\000\377\377\377\377{' > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=SHORT
// SHORT: truncated .npy header; save it with np.save

// RUN: %python %S/Inputs/header.py "{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}" 8 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=FORTRAN
// FORTRAN: .npy: Fortran order; save it with np.save(f, np.ascontiguousarray(x))

// RUN: %python %S/Inputs/header.py "{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}" 8 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=ENDIAN
// ENDIAN: big-endian dtype '>f4'; save it with np.save(f, x.astype(x.dtype.newbyteorder('<')))

// RUN: %python %S/Inputs/header.py "{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}" 16 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=COMPLEX
// COMPLEX: dtype '<c8' is not supported; convert it, e.g. x.astype(np.float32)

// RUN: %python %S/Inputs/header.py "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}" 8 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=STRUCT
// STRUCT: structured dtypes are not supported; save one field

// RUN: %python %S/Inputs/header.py "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}" 7 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=TRUNCATED
// TRUNCATED: truncated: the header promises 8 bytes of data, found 7; save it

// RUN: %python %S/Inputs/header.py "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}" 9 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=TRAILING
// TRAILING: the header promises 8 bytes of data, found 9; a file holds one array

// RUN: %python %S/Inputs/header.py "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}" 0 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=OVERFLOW
// OVERFLOW: the shape holds more elements than memory can

// RUN: %python %S/Inputs/header.py "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}" 0 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=BAD-NUMBER
// RUN: %python %S/Inputs/header.py "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}" 0 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=BAD-NUMBER
// BAD-NUMBER: malformed .npy header: bad number in 'shape'; save it

// RUN: %python %S/Inputs/header.py "{'descr': '<f4', 'shape': (2,)}" 8 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=KEYS
// KEYS: malformed .npy header: needs 'descr', 'fortran_order' and 'shape'

// RUN: %python %S/Inputs/header.py "{'descr': '<f4', 'fortran_order': 1, 'shape': (2,)}" 8 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=ORDER
// ORDER: malformed .npy header: 'fortran_order' is neither True nor False

// RUN: %python %S/Inputs/header.py "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}" 8 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=UNKNOWN
// UNKNOWN: malformed .npy header: unknown key 'x'

// RUN: %python %S/Inputs/header.py "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x" 8 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=REST
// REST: malformed .npy header: text after the dictionary

// RUN: %python %S/Inputs/header.py "{'descr': '<f4" 8 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=STRING
// STRING: malformed .npy header: unterminated string

// RUN: %python %S/Inputs/header.py "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}" 16 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=DTYPE
// DTYPE: attn-run: error: --input='@{{.*}}.npy': expected argument 0 ('x') of type ?xf32, found 2xfloat64

// RUN: %python %S/Inputs/header.py "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1)}" 8 > %t.npy
// RUN: %{run} 2>&1 | %{check} --check-prefix=SHAPE
// SHAPE: attn-run: error: --input='@{{.*}}.npy': expected argument 0 ('x') of type ?xf32, found 2x1xf32

// RUN: %{run}/nowhere 2>&1 | %{check} --check-prefix=FOLDER
// FOLDER: attn-run: error: cannot read

func.func @f(%x: tensor<?xf32>) {
  return
}

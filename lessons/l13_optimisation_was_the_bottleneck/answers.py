"""Answers to the exercises of lesson 13 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 13
        python -m lessons.engine.mistakes 13.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import after, body, edit, mistakes, variants

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 13.1  Momentum that looks ahead

NESTEROV = "lessons.l13_optimisation_was_the_bottleneck.valley:nesterov"

NESTEROV_VARIANTS = variants(NESTEROV,
    body("step by step", """
        kept = mu * v
        ahead = x + kept
        slope = grad(ahead)
        v_new = kept - lr * slope
        return x + v_new, v_new"""),
    body("from the place ahead", """
        ahead = x + mu * v
        down = lr * np.asarray(grad(ahead))
        return ahead - down, mu * v - down"""),
    body("number by number", """
        g = grad(np.array([a + mu * b for a, b in zip(x, v)]))
        v = np.array([mu * b - lr * c for b, c in zip(v, g)])
        return np.array([a + b for a, b in zip(x, v)]), v"""),
)

NESTEROV_WRONG = mistakes(NESTEROV,
    edit("plain momentum", "grad(x + mu * v)", "grad(x)",
         "the gradient is asked for at x: this is plain momentum, which does not look ahead"),
    body("the look ahead stays", """
        x = x + mu * v
        v = mu * v - lr * grad(x)
        return x + v, v""",
         "the step begins at the place ahead, so the kept velocity is gone twice; begin at x"),
    edit("uphill", "mu * v - lr", "mu * v + lr",
         "the gradient is added: it points uphill, so it has to be subtracted"),
    edit("a mean of gradients", "mu * v - lr * grad", "mu * v - (1 - mu) * lr * grad",
         "the gradient is multiplied by 1 - mu as well; here it counts with lr alone"),
    body("the old velocity", """
        new = mu * v - lr * grad(x + mu * v)
        return x + new, v""",
         "the velocity that comes back is the one from before the step, so the ball never gains "
         "speed"),
    edit("looks ahead by all of v", "grad(x + mu * v)", "grad(x + v)",
         "it looks ahead by the whole velocity; only the share mu of it is kept"),
    edit("looks back", "grad(x + mu * v)", "grad(x - mu * v)",
         "it looks back to where it came from; the kept velocity leads to x + mu v"),
    edit("the place ahead", "return x + v, v", "return x + v + mu * v, v",
         "this is the place where the next step will look; the place itself is x + v"),
    edit("the rate on the velocity", "mu * v - lr * grad(x + mu * v)\n    return x + v, v",
         "mu * v - grad(x + mu * v)\n    return x + lr * v, v",
         "the rate multiplies the step and not the gradient: the velocity then has another unit"),
)

# 13.2  Conjugate gradients

CONJUGATE = "lessons.lab.second_order:conjugate_gradients"

CONJUGATE_VARIANTS = variants(CONJUGATE,
    body("a while loop, norms", """
        r = b - product(x)
        d, done = r, 0
        enough = tol * np.linalg.norm(b)
        while done < steps and np.linalg.norm(r) > enough:
            q = product(d)
            a = float(np.dot(r, r) / np.dot(d, q))
            x, new = x + a * d, r - a * q
            d = new + np.dot(new, new) / np.dot(r, r) * d
            r, done = new, done + 1
        return x"""),
    body("by sums", """
        r = b - product(x)
        d = r
        for _ in range(steps):
            if (r * r).sum() <= tol * tol * (b * b).sum():
                return x
            q = product(d)
            a = (r * d).sum() / (d * q).sum()
            x = x + a * d
            r = r - a * q
            d = r - (r * q).sum() / (d * q).sum() * d
        return x"""),
)

CONJUGATE_WRONG = mistakes(CONJUGATE,
    edit("x is forgotten", "residual = b - product(x)", "residual = b - product(0 * x)",
         "the first residual is b, as if x were 0: it is b - product(x)"),
    edit("beta upside down", "size / before", "before / size",
         "the old r.r is divided by the new one; it is the new over the old"),
    edit("steepest descent", "residual + (size / before) * direction", "residual",
         "each direction is the residual alone: this is steepest descent, which zigzags and does "
         "not end after as many steps as there are unknowns"),
    edit("divides by 0", "if size <= tol**2 * (b @ b):\n            break",
         "if size < -tol:\n            break",
         "it goes on after it has solved the problem, and divides 0 by 0 there, or "
         "tol is not used"),
    edit("two products a step", "residual = residual - step * turned",
         "residual = b - product(x)",
         "the residual is computed anew by a second product in each step; it is r minus step times "
         "the product that is there already"),
    edit("the sign of the step", "x + step * direction", "x - step * direction",
         "x goes against the direction; the residual is b - product(x), so x goes along it"),
    edit("the residual grows", "residual - step * turned", "residual + step * turned",
         "the residual is updated with the wrong sign: if x goes along d, r loses "
         "step * product(d)"),
    edit("the direction is r", "step = size / (direction @ turned)",
         "step = size / (direction @ direction)",
         "the step is r.r / d.d, which leaves out the matrix: divide by d.product(d)"),
    edit("one step too many", "range(steps)", "range(steps + 1)",
         "one step more than `steps` is taken"),
    edit("tol without b", "tol**2 * (b @ b)", "tol**2",
         "the residual is compared with tol itself; it is to be compared with tol times the length "
         "of b"),
    edit("squares against lengths", "tol**2 * (b @ b)", "tol * (b @ b)",
         "r.r is compared with tol times b.b: both are squares of lengths, so tol has to be "
         "squared as well"),
    edit("starts from 0", "residual = b - product(x)", "x = 0 * x\n    residual = b - product(x)",
         "it starts from 0 and not from x"),
)

# 13.3  A product with the curvature

GAUSS = "lessons.lab.second_order:gauss_newton"

GAUSS_VARIANTS = variants(GAUSS,
    body("step by step", """
        u = push(v)
        u = curvature(u)
        back = pull(u)
        return np.asarray(back) + v * damping"""),
    body("columns of the matrix", """
        matrix = np.stack([pull(curvature(push(e))) for e in np.eye(len(v))], axis=1)
        return (matrix + damping * np.eye(len(v))) @ v"""),
)

GAUSS_WRONG = mistakes(GAUSS,
    edit("H left out", "pull(curvature(push(v)))", "pull(push(v))",
         "the curvature of the loss by the outputs, H, is left out: this is J^T J v"),
    edit("damping left out", " + damping * v", "",
         "the damping is left out: it adds damping times v"),
    edit("damping times the length", "damping * v", "damping * np.linalg.norm(v)",
         "the damping is multiplied by the length of v, one number; it is damping times v itself"),
    edit("the mean twice", "pull(curvature(push(v)))", "pull(curvature(push(v))) / len(push(v))",
         "the product is divided by the number of outputs; the mean is in the curvature already"),
    edit("damping among the outputs", "pull(curvature(push(v))) + damping * v",
         "pull(curvature(push(v)) + damping * push(v))",
         "the damping is added among the outputs, before the way back: that gives damping J^T J v"),
    edit("H twice", "curvature(push(v))", "curvature(curvature(push(v)))",
         "the curvature is applied twice"),
    edit("subtracted", "+ damping * v", "- damping * v",
         "the damping is subtracted: that makes the matrix less curved, and the step longer"),
    edit("damping squared", "damping * v", "damping**2 * v",
         "the damping is squared; it is added as it is"),
    after("for a step", "-y", "the sign is turned; a product with the curvature has no minus"),
)

# The formulas of R packages in base R, run beside ours by `make parity` (benchmarks/parity.py).
# Usage: Rscript parity.R FOLDER [DATA]. FOLDER holds pair.csv (a, b; with gaps: c, d; codes: p, q) and takes
# answers.csv (name, value); DATA, where there is one, the real recordings.
args <- commandArgs(TRUE)
folder <- args[1]
data <- if (length(args) > 1) args[2] else ""
answers <- list()
answer <- function(name, value) answers[[name]] <<- as.numeric(value)

# rMEA: windows of x and y, whoever leads first; Fisher z at most 10.
windowed_z <- function(x, y, win, inc, lag) {
  n_win <- ceiling((length(x) - win - lag + 1) / inc)
  z <- sapply(-lag:lag, function(l) sapply(seq_len(n_win) - 1, function(w) {
    one <- x[w * inc + max(-l, 0) + 1:win]
    two <- y[w * inc + max(l, 0) + 1:win]
    if (sum(one != two, na.rm = TRUE) < 2) return(NA)
    suppressWarnings(cor(one, two, use = "complete.obs"))
  }))
  pmax(pmin(atanh(z), 10), -10)
}
# rMEA's moving average: the window's ends are cut to whole samples, beyond the end it is 0.
moving <- function(x, n) {
  t <- seq_along(x)
  from <- pmax(t - (n - 1) / 2, 1)
  mean <- mapply(function(i, j) sum(x[i:j]) / n, from, t + (n - 1) / 2)
  ifelse(is.na(mean), 0, mean)
}
# SUSY: R's ccf in every segment, its own and all others.
segments <- function(x, y, range, lag) {
  k <- floor(length(x) / range)
  at <- function(v, i) v[(i - 1) * range + 1:range]
  z <- lapply(1:k, function(i) sapply(1:k, function(j)
    atanh(ccf(at(x, i), at(y, j), lag.max = lag, plot = FALSE)$acf[, 1, 1])))
  own <- sapply(1:k, function(i) z[[i]][, i])
  pseudo <- do.call(cbind, lapply(1:k, function(i) z[[i]][, -i]))
  effect <- function(a, b) (mean(rowMeans(a)) - mean(rowMeans(b))) / sd(rowMeans(b))
  c(mean(own), mean(pseudo), mean(abs(own)), mean(abs(pseudo)), effect(own, pseudo), effect(abs(own), abs(pseudo)))
}
# crqa: lines on the diagonals of a matrix of recurrences.
lines_of <- function(near, diagonals) {
  runs <- unlist(lapply(diagonals, function(k) {
    r <- rle(near[col(near) - row(near) == k])
    r$lengths[r$values]
  }))
  long <- runs[runs >= 2]
  p <- table(long) / length(long)
  c(sum(long) / sum(runs), mean(long), max(runs), -sum(p * log(p)))
}
granger <- function(x, y, order) { # what x's past adds to y
  n <- length(y)
  past <- function(v) sapply(1:order, function(k) v[(order + 1 - k):(n - k)])
  now <- y[(order + 1):n]
  log(deviance(lm(now ~ past(y))) / deviance(lm(now ~ past(y) + past(x))))
}
whitened <- function(v, order) {
  n <- length(v)
  residuals(lm(v[(order + 1):n] ~ sapply(1:order, function(k) v[(order + 1 - k):(n - k)])))
}

pair <- read.csv(file.path(folder, "pair.csv"))
a <- pair$a; b <- pair$b
answer("windows with gaps", mean(windowed_z(pair$c, pair$d, 40, 10, 5)))
answer("windows", mean(abs(windowed_z(a, b, 30, 7, 10))))
found <- segments(a, b, 50, 10)
for (i in 1:6) answer(paste("segments", i), found[i])
for (order in 1:3) {
  answer(paste("granger forth", order), granger(a, b, order))
  answer(paste("granger back", order), granger(b, a, order))
}
r <- ccf(whitened(a, 2), whitened(b, 2), lag.max = 0, plot = FALSE)$acf[1]
answer("prewhitened", r)
short <- 1:200
cross <- abs(outer(a[short], b[short], "-")) < 0.5
answer("cross recurrence rate", mean(cross))
found <- lines_of(cross, -199:199)
for (i in 1:4) answer(paste("cross recurrence", i), found[i])
joint <- as.matrix(dist(cbind(a[short], b[short]))) < 0.5
answer("joint recurrence rate", mean(joint[upper.tri(joint)]))
found <- lines_of(joint, 1:199)
for (i in 1:4) answer(paste("joint recurrence", i), found[i])
codes <- outer(pair$p[short], pair$q[short], "==")
for (lag in -3:3) answer(paste("code recurrence", lag), mean(codes[col(codes) - row(codes) == lag]))

motion <- file.path(data, "therapy", "motion_energy")
began <- proc.time()[["user.self"]]
for (dyad in if (dir.exists(motion)) 200:209 else c()) {
  x <- read.table(file.path(motion, paste0(dyad, "_01.txt")), skip = 1)
  x <- lapply(x, function(v) moving(v, 12.5) / sd(moving(v, 12.5)))
  answer(paste("rMEA 30 s", dyad), mean(windowed_z(x[[1]], x[[2]], 750, 250, 125), na.rm = TRUE))
  answer(paste("rMEA 60 s absolute", dyad), mean(abs(windowed_z(x[[1]], x[[2]], 1500, 250, 125)), na.rm = TRUE))
}
if (dir.exists(motion)) answer("CPU seconds: motion energy", proc.time()[["user.self"]] - began)

dials <- file.path(data, "couples", "rties_dial.csv.gz")
if (file.exists(dials)) {
  table <- read.csv(gzfile(dials))
  shifted <- function(v, k) { i <- seq_along(v) + k; ifelse(i >= 1 & i <= length(v), v[pmax(i, 1)], NA) }
  found <- sapply(unique(table$couple), function(couple) {
    person <- function(female) table[table$couple == couple & table$female == female, ]
    flat <- lapply(list(person(0), person(1)), function(p) resid(lm(dial ~ time, data = p, na.action = na.exclude)))
    seen <- !is.na(flat[[1]]) & !is.na(flat[[2]])
    best <- NULL
    for (embed in 3:5) for (tau in 4:5) { # local linear approximation: a parabola through embed points
      at <- (1:embed - mean(1:embed)) * tau
      basis <- cbind(1, at, at^2 / 2)
      d <- lapply(flat, function(v) {
        v <- v[seen]; n <- length(v) - (embed - 1) * tau
        sapply(0:(embed - 1), function(j) v[j * tau + 1:n]) %*% basis %*% solve(t(basis) %*% basis)
      })
      me <- rbind(d[[1]], d[[2]]); other <- rbind(d[[2]], d[[1]])
      man <- rep(c(1, 0), each = nrow(d[[1]])); woman <- 1 - man
      own <- cbind(man * me[, 1:2], woman * me[, 1:2])
      alone <- summary(lm(me[, 3] ~ own - 1))$adj.r.squared
      both <- lm(me[, 3] ~ cbind(man * me[, 1:2], man * other[, 1:2], woman * me[, 1:2], woman * other[, 1:2]) - 1)
      r2 <- summary(both)$adj.r.squared
      if (is.null(best) || r2 > best[1]) best <- c(r2, alone, 2 * pi / sqrt(abs(coef(both)[c(1, 5)])))
    }
    r <- ccf(flat[[1]], flat[[2]], plot = FALSE, na.action = na.exclude)
    lag <- r$lag[which.max(abs(r$acf))]
    if (lag == 0) lag <- 1
    past <- lapply(flat, shifted, lag)
    now <- unlist(flat); own <- unlist(past); other <- unlist(rev(past))
    man <- rep(c(1, 0), each = length(flat[[1]])); woman <- 1 - man
    fit <- function(terms) summary(lm(terms))$adj.r.squared
    c(best,
      fit(now ~ man + woman + man:own + woman:own - 1),
      fit(now ~ man + woman + man:other + woman:other - 1),
      fit(now ~ man + woman + man:own + man:other + woman:own + woman:other - 1))
  })
  names <- c("r2 coupled", "r2 uncoupled", "period 1", "period 2", "r2 inertia", "r2 coordination", "r2 both")
  for (i in 1:7) answer(paste("rties", names[i]), mean(found[i, ]))
}

coping <- file.path(data, "couples", "couples_cope.csv")
if (file.exists(coping)) { # DySeq: a saturated log-linear model of each couple's table, half a case in each cell
  table <- read.csv(coping)
  stress <- as.matrix(table[grep("IKCB", names(table))]); answer_of <- as.matrix(table[grep("DCCB", names(table))])
  for (who in c("he copes", "she shows stress")) {
    own <- if (who == "he copes") answer_of else stress
    other <- if (who == "he copes") stress else answer_of
    effects <- sapply(seq_len(nrow(own)), function(i) {
      f <- function(v) factor(v, levels = c(1, 0))
      cells <- table(f(other[i, 1:47]), f(own[i, 1:47]), f(own[i, 2:48])) + 0.5
      p <- loglin(cells, list(1:3), param = TRUE, print = FALSE)$param
      c(p[["3"]][1] - p[["3"]][2], p[["2.3"]][1, 1] - p[["2.3"]][1, 2], p[["1.3"]][1, 1] - p[["1.3"]][1, 2],
        p[["1.2.3"]][1, 1, 1] - p[["1.2.3"]][1, 1, 2])
    })
    names <- c("intercept", "actor", "partner", "interaction")
    for (i in 1:4) {
      test <- t.test(effects[i, ])
      answer(paste("DySeq", who, names[i]), test$estimate)
      answer(paste("DySeq", who, names[i], "low"), test$conf.int[1])
      answer(paste("DySeq", who, names[i], "p"), test$p.value)
    }
  }
}
write.csv(data.frame(name = names(answers), value = format(unlist(answers), digits = 17)),
          file.path(folder, "answers.csv"), row.names = FALSE, quote = FALSE)

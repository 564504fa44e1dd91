// SPDX-License-Identifier: Apache-2.0
#include "measuring/repeat.hpp"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

namespace qkv::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double least_batch_seconds = 2e-3;
constexpr double limit_seconds = 2e-3;  // what the two limit loops of a repetition take, roughly
constexpr int patience = 20;            // times the repetitions asked for, and
constexpr double patient_times = 4;     // times the seconds, before it is too noisy

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Seconds that this thread has had a core. One thread alone never waits for another: what is missing to the time on the
// wall was taken from it.
double running_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double seconds_of(PreparedCall& call, int64_t calls) {
  const auto start = Clock::now();
  for (int64_t i = 0; i < calls; i++) call.call();
  return seconds_since(start);
}

// Calls that make a batch long enough for the clock.
int64_t batch_size(PreparedCall& call) {
  int64_t calls = 1;
  double seconds = seconds_of(call, calls);
  while (seconds < least_batch_seconds / 4) seconds = seconds_of(call, calls *= 2);
  return std::max<int64_t>(1,
                           static_cast<int64_t>(std::ceil(static_cast<double>(calls) * least_batch_seconds / seconds)));
}

Repetition repeat_once(const Subject& subject, int64_t calls, int threads) {
  const auto start = Clock::now();
  const double started_running = running_seconds();
  Repetition repetition{};
  repetition.limit_before = subject.limit.measure();
  if (!subject.from_dram) subject.call.call();  // the limit loop has evicted the operands
  repetition.seconds = seconds_of(subject.call, calls) / static_cast<double>(calls);
  repetition.limit_after = subject.limit.measure();
  repetition.rate = subject.bound.work / repetition.seconds;
  if (threads == 1) repetition.idle = 1 - (running_seconds() - started_running) / seconds_since(start);
  return repetition;
}

// Waking up, a thread gets a whole slice of time before others do.
void begin_a_new_slice() {
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// Several subjects in turns need as many quiet repetitions in a row: each is tried some times. One alone is tried again
// by another repetition.
Repetition take_part_in_turn(const Subject& subject, int64_t calls, int attempts) {
  for (int attempt = 1;; attempt++) {
    const Repetition repetition = repeat_once(subject, calls, subject.limit.threads());
    const bool quiet = is_quiet(repetition, subject.limit.best());
    if (!quiet) begin_a_new_slice();
    if (quiet || attempt >= attempts) return repetition;
  }
}

Turn take_turn(std::span<const Subject> subjects, const std::vector<int64_t>& calls, bool backwards) {
  constexpr int attempts_in_turn = 5;
  const int attempts = subjects.size() == 1 ? 1 : attempts_in_turn;
  Turn turn(subjects.size());
  for (size_t i = 0; i < subjects.size(); i++) {
    const size_t place = backwards ? subjects.size() - 1 - i : i;
    turn[place] = take_part_in_turn(subjects[place], calls[place], attempts);
  }
  return turn;
}

int64_t count_quiet_turns(const std::vector<Turn>& turns, double best_limit) {
  return std::ranges::count_if(turns, [=](const Turn& turn) { return is_quiet(turn, best_limit); });
}

}  // namespace

std::vector<Turn> repeat_in_turns(std::span<const Subject> subjects, const Effort& effort) {
  std::vector<int64_t> calls;
  double once = 0;
  for (const Subject& subject : subjects) {
    calls.push_back(batch_size(subject.call));
    once += limit_seconds + seconds_of(subject.call, calls.back());
  }
  const Limit& limit = subjects.front().limit;
  const int planned = std::clamp(static_cast<int>(effort.seconds / once), least_kept, effort.repetitions);
  const double most_seconds = patient_times * std::max(planned * once, std::min(effort.seconds, Effort{}.seconds));
  const auto start = Clock::now();
  std::vector<Turn> turns;
  const auto enough = [&] {
    const int done = static_cast<int>(turns.size());
    if (done < planned) return false;
    const bool patient = done < patience * planned && seconds_since(start) < most_seconds;
    return !patient || count_quiet_turns(turns, limit.best()) >= least_kept;
  };
  while (!enough() && !effort.interrupted()) {
    turns.push_back(take_turn(subjects, calls, turns.size() % 2 != 0));
  }
  return turns;
}

std::vector<Repetition> repeat(const Subject& subject, const Effort& effort) {
  std::vector<Repetition> repetitions;
  for (const Turn& turn : repeat_in_turns({&subject, 1}, effort)) repetitions.push_back(turn.front());
  return repetitions;
}

}  // namespace qkv::bench

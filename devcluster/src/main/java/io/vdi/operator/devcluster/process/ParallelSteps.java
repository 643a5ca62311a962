package io.vdi.operator.devcluster.process;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Lanes of steps that run side by side; the steps of one lane run one after the other. Estimates
 * the share that is done, and the time that is left.
 */
public final class ParallelSteps {
  private static final Duration REPORT = Duration.ofSeconds(15);

  /** A step that takes less was not necessary: its result was in a cache. */
  private static final Duration CACHED = Duration.ofSeconds(2);

  /** The share of its usual time after which a running step is expected to end any moment. */
  private static final double ALMOST = 0.95;

  /**
   * One step.
   *
   * @param name in progress messages
   * @param usual how long it takes on two cores beside the other lanes
   * @param work throws {@link ClusterException} if it fails
   */
  public record Step(String name, Duration usual, Runnable work) {}

  private final InstantSource clock;
  private final List<Lane> lanes;
  private final Instant start;

  ParallelSteps(List<List<Step>> lanes, InstantSource clock) {
    this.clock = clock;
    this.start = clock.instant();
    this.lanes = lanes.stream().map(steps -> new Lane(steps, start)).toList();
  }

  /**
   * Runs all steps and returns when they are done. Prints the progress every 15 seconds.
   *
   * @throws ClusterException if a step fails; the other lanes may continue until the JVM exits
   */
  public static void run(List<List<Step>> lanes) {
    new ParallelSteps(lanes, InstantSource.system()).run();
  }

  private void run() {
    ExecutorService executor =
        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().daemon().name("lane-", 1).factory());
    CompletionService<Void> running = new ExecutorCompletionService<>(executor);
    lanes.forEach(lane -> running.submit(() -> run(lane), null));
    try {
      for (int ended = 0; ended < lanes.size(); ) {
        Future<Void> lane = running.poll(REPORT.toSeconds(), TimeUnit.SECONDS);
        if (lane == null) {
          Progress.say(report());
        } else {
          lane.get();
          ended++;
        }
      }
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ClusterException failure
          ? failure
          : new ClusterException("a step failed: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClusterException("interrupted while steps are running", e);
    } finally {
      executor.shutdownNow();
    }
  }

  private void run(Lane lane) {
    for (Optional<Step> step = first(lane); step.isPresent(); step = first(lane)) {
      step.get().work().run();
      end(lane);
    }
  }

  private synchronized Optional<Step> first(Lane lane) {
    lane.began = clock.instant();
    return lane.steps.stream().findFirst();
  }

  /** Ends the first step of a lane. */
  synchronized void end(int lane) {
    end(lanes.get(lane));
  }

  private synchronized void end(Lane lane) {
    Duration took = Duration.between(lane.began, clock.instant());
    Step step = lane.steps.removeFirst();
    if (took.compareTo(CACHED) >= 0) {
      lane.took = lane.took.plus(took);
      lane.usual = lane.usual.plus(step.usual());
    }
    lane.began = clock.instant();
  }

  /** A sentence for the user. */
  synchronized String report() {
    Duration left = left();
    Duration past = Duration.between(start, clock.instant());
    return "%d %% done, about %s left; in progress: %s"
        .formatted(
            Math.round(100.0 * past.toMillis() / past.plus(left).toMillis()),
            left.toSeconds() < 90
                ? left.toSeconds() + " s"
                : Math.round(left.toSeconds() / 60.0) + " minutes",
            String.join(
                ", ",
                lanes.stream()
                    .flatMap(lane -> lane.steps.stream().limit(1))
                    .map(Step::name)
                    .toList()));
  }

  /** The time until the last lane ends, if all go on as fast as they did until now. */
  synchronized Duration left() {
    long took = lanes.stream().mapToLong(lane -> lane.took.toMillis()).sum();
    long usual = lanes.stream().mapToLong(lane -> lane.usual.toMillis()).sum();
    double pace = usual == 0 ? 1 : (double) took / usual;
    return lanes.stream()
        .map(lane -> lane.left(pace, clock.instant()))
        .max(Comparator.naturalOrder())
        .orElse(Duration.ZERO);
  }

  /** The state of a lane, which the lock of the outer object guards. */
  private static final class Lane {
    /** The running step and those that follow. */
    private final List<Step> steps;

    /** When the running step began. */
    private Instant began;

    /** Of the steps that are done and were necessary. */
    private Duration took = Duration.ZERO;

    private Duration usual = Duration.ZERO;

    Lane(List<Step> steps, Instant began) {
      this.steps = new ArrayList<>(steps);
      this.began = began;
    }

    Duration left(double pace, Instant now) {
      if (steps.isEmpty()) {
        return Duration.ZERO;
      }
      double all = steps.stream().mapToLong(step -> step.usual().toMillis()).sum() * pace;
      double running = steps.getFirst().usual().toMillis() * pace;
      double past = Math.min((double) Duration.between(began, now).toMillis(), running * ALMOST);
      return Duration.ofMillis(Math.round(all - past));
    }
  }
}

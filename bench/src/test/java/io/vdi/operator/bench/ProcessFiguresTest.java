package io.vdi.operator.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessFiguresTest {
  @Test
  void figuresOfThisProcessArePlausible() {
    ProcessFigures figures = ProcessFigures.of(ProcessHandle.current().pid());
    assertThat(figures.rss()).isBetween(10.0, 100_000.0);
    assertThat(figures.peak()).isGreaterThanOrEqualTo(figures.rss() - 1);
    assertThat(figures.cpu()).isBetween(0.01, 10_000.0);
  }
}

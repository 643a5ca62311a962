package io.vdi.operator.cli.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TableTest {
  private static Table table() {
    Table table = new Table("NAME", "MESSAGE", "AGE");
    table.row("alice", "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.", "4d");
    table.row("bob", "", "5s");
    return table;
  }

  @Test
  void alignsColumns() {
    assertThat(table().lines(0))
        .containsExactly(
            "NAME    MESSAGE                                                   AGE",
            "alice   0/3 nodes are available: 3 Insufficient nvidia.com/gpu.   4d",
            "bob     <none>                                                    5s");
  }

  @Test
  void cutsTheWidestColumn() {
    assertThat(table().lines(40))
        .containsExactly(
            "NAME    MESSAGE                      AGE",
            "alice   0/3 nodes are available: …   4d",
            "bob     <none>                       5s");
  }

  @Test
  void keepsAtLeastEightCharactersOfAColumn() {
    assertThat(table().lines(10))
        .containsExactly(
            "NAME    MESSAGE    AGE", "alice   0/3 nod…   4d", "bob     <none>     5s");
  }

  @Test
  void sanitizesCells() {
    Table table = new Table("NAME");
    table.row("a\u001b[2Jb\nc\u009bd\u202ee");
    assertThat(table.lines(80)).containsExactly("NAME", "a\ufffd[2Jb c\ufffdd\ufffde");
  }

  @Test
  void aRowHasOneCellForEachColumn() {
    assertThatThrownBy(() -> table().row("carol"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("1 cells for 3 columns");
  }
}

package io.vdi.operator.cli.cluster;

/** The cluster did not answer with what was asked for. The message is for people. */
public final class CliException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int code;

  /**
   * @param code the HTTP status; 0 where there was no answer
   */
  public CliException(int code, String message) {
    super(message);
    this.code = code;
  }

  /** Whether this caller may not see it, which says nothing of whether it is well. */
  public boolean isForbidden() {
    return code == 403;
  }
}

package io.vdi.operator.e2e.images;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A program or shared library of 64 bits: the format of System V's ABI, section "Object Files". */
record ElfFile(ByteBuffer bytes) {
  /** {@code e_machine} of programs for arm64. */
  static final int AARCH64 = 183;

  private static final int MAGIC = 0x464c457f;
  private static final int PT_LOAD = 1;
  private static final int PT_DYNAMIC = 2;
  private static final int DT_NEEDED = 1;
  private static final int DT_STRTAB = 5;

  private record Segment(int type, long offset, long address, long size) {}

  static boolean isElf(byte[] content) {
    return content.length > 64 && read(content).bytes.getInt(0) == MAGIC;
  }

  static ElfFile read(byte[] content) {
    return new ElfFile(ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN));
  }

  int machine() {
    return bytes.getShort(18);
  }

  /** The names of the libraries that the loader loads with this file. */
  List<String> needed() {
    List<Long> offsets = new ArrayList<>();
    long strings = 0;
    for (Segment segment : segments()) {
      if (segment.type() == PT_DYNAMIC) {
        for (long at = segment.offset(); at < segment.offset() + segment.size(); at += 16) {
          long value = bytes.getLong((int) at + 8);
          switch ((int) bytes.getLong((int) at)) {
            case DT_NEEDED -> offsets.add(value);
            case DT_STRTAB -> strings = value;
            default -> {}
          }
        }
      }
    }
    long table = offsets.isEmpty() ? 0 : offsetOf(strings);
    return offsets.stream().map(offset -> string(table + offset)).toList();
  }

  private List<Segment> segments() {
    List<Segment> segments = new ArrayList<>();
    long start = bytes.getLong(32);
    int size = bytes.getShort(54);
    for (int i = 0; i < bytes.getShort(56); i++) {
      int at = (int) start + i * size;
      segments.add(
          new Segment(
              bytes.getInt(at),
              bytes.getLong(at + 8),
              bytes.getLong(at + 16),
              bytes.getLong(at + 32)));
    }
    return segments;
  }

  private long offsetOf(long address) {
    return segments().stream()
        .filter(segment -> segment.type() == PT_LOAD)
        .filter(
            segment -> address >= segment.address() && address < segment.address() + segment.size())
        .map(segment -> segment.offset() + address - segment.address())
        .findFirst()
        .orElseThrow();
  }

  private String string(long offset) {
    int end = (int) offset;
    while (bytes.get(end) != 0) {
      end++;
    }
    byte[] text = new byte[end - (int) offset];
    bytes.get((int) offset, text);
    return new String(text, StandardCharsets.US_ASCII);
  }
}

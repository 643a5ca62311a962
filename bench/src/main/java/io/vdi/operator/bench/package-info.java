/**
 * Speed and memory of the controller, each figure beside one of a bare client that was measured in
 * the same run. May use every module. Start at {@link io.vdi.operator.bench.Main}.
 */
package io.vdi.operator.bench;

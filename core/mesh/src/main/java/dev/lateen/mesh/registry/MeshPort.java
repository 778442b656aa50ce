package dev.lateen.mesh.registry;

/**
 * A port of a service.
 *
 * @param number as callers use it
 * @param target number or name of the pods' port; empty means the same number
 */
public record MeshPort(int number, String name, Protocol protocol, String target) {
    /** The target as a number, 0 where it is a name. */
    public int targetNumber() {
        if (target.isEmpty()) {
            return number;
        }
        return target.chars().allMatch(c -> c >= '0' && c <= '9') ? Integer.parseInt(target) : 0;
    }
}

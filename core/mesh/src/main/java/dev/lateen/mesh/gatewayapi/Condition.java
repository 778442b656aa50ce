package dev.lateen.mesh.gatewayapi;

/** One condition of a status (meta/v1 Condition), without times. */
public record Condition(String type, boolean status, String reason, String message) {
    static Condition yes(String type, String reason) {
        return new Condition(type, true, reason, "");
    }

    static Condition no(String type, String reason, String message) {
        return new Condition(type, false, reason, message);
    }
}

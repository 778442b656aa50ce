package dev.lateen.mesh.rules;

import java.util.List;

/** Who sees an object, by its {@code exportTo}. */
public final class Visibility {
    private Visibility() {}

    /** Whether an object of {@code owner} is seen from {@code viewer}; an empty list means everyone. */
    public static boolean sees(String viewer, List<String> exportTo, String owner) {
        if (exportTo.isEmpty()) {
            return true;
        }
        for (String to : exportTo) {
            if (to.equals("*") || to.equals(viewer) || (to.equals(".") && owner.equals(viewer))) {
                return true;
            }
        }
        return false;
    }
}

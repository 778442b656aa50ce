package dev.lateen.cli;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** Runs several verbs, separated by {@code --}, in one JVM, so that one cache of loaded classes serves them all. */
final class Rehearsal {
    private Rehearsal() {}

    /** The exit code is that of the first verb that fails. */
    public static void main(String[] arguments) throws IOException {
        List<String> rest = Arrays.asList(arguments);
        int code = 0;
        while (code == 0 && !rest.isEmpty()) {
            int end = rest.indexOf("--");
            List<String> verb = end < 0 ? rest : rest.subList(0, end);
            rest = end < 0 ? List.of() : rest.subList(end + 1, rest.size());
            code = Main.run(verb.toArray(String[]::new));
        }
        System.exit(code);
    }
}

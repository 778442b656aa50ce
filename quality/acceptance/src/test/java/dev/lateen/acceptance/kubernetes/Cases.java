package dev.lateen.acceptance.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The calls of the comparison, as {@code cases.txt} lists them. */
final class Cases {
    /**
     * One call.
     *
     * @param scenario the scenario it belongs to, which has a namespace of its own
     * @param line its line in the file
     * @param command what bash runs
     * @param compared whether answers are compared; otherwise it prepares something and only has to succeed
     */
    record Case(String scenario, int line, String command, boolean compared) {}

    private Cases() {}

    static List<Case> read(Path file) throws IOException {
        List<Case> cases = new ArrayList<>();
        String scenario = "";
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            String text = line.strip();
            if (text.isEmpty() || text.startsWith("#")) {
                continue;
            }
            if (text.startsWith("== ")) {
                scenario = text.substring(3).strip();
            } else if (text.startsWith("! ")) {
                cases.add(new Case(scenario, number, text.substring(2).strip(), false));
            } else {
                cases.add(new Case(scenario, number, text, true));
            }
        }
        return cases;
    }
}

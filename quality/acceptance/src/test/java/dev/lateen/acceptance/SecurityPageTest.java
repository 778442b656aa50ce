package dev.lateen.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** That what SECURITY.md says is shown by a test is shown by one that there is, and runs. */
final class SecurityPageTest {
    private static final Path ROOT = Path.of("..", "..");
    private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");
    private static final String PARTS = ".ci/parts/";

    private final String page = Files.readString(ROOT.resolve("SECURITY.md"));
    private final Set<String> tests = tests();

    SecurityPageTest() throws IOException {}

    /** The classes of all modules' tests. */
    private static Set<String> tests() throws IOException {
        Set<String> names = new HashSet<>();
        for (String group : List.of("core", "runtime", "local", "tools", "quality")) {
            try (Stream<Path> files = Files.find(
                    ROOT.resolve(group), 20, (file, _) -> file.toString().contains("/src/test/java/"))) {
                files.forEach(file -> names.add(file.getFileName().toString().replace(".java", "")));
            }
        }
        return names;
    }

    /** The last cells of the rows of the table below a heading. */
    private List<String> shownBy(String heading) {
        String section = page.substring(page.indexOf("## " + heading));
        int end = section.indexOf("\n## ", 1);
        List<String> cells = new ArrayList<>();
        section.substring(0, end)
                .lines()
                .filter(line -> line.startsWith("| "))
                .skip(2)
                .forEach(line -> cells.add(line.substring(line.lastIndexOf(" | "))));
        return cells;
    }

    private static List<String> names(String cell) {
        return QUOTED.matcher(cell).results().map(match -> match.group(1)).toList();
    }

    private boolean exists(String name) {
        return name.startsWith(PARTS) ? Files.isExecutable(ROOT.resolve(name)) : tests.contains(name);
    }

    @Test
    void eachThreatNamesTestsThatThereAre() {
        assertThat(shownBy("Who can attack from where"))
                .hasSizeGreaterThan(20)
                .allSatisfy(cell -> assertThat(names(cell)).isNotEmpty().allMatch(this::exists, "is a test"));
    }

    @Test
    void eachAttackIsTriedByThePartThatSaysSo() throws IOException {
        String part = Files.readString(ROOT.resolve(PARTS + "security"));
        assertThat(shownBy("Attacks that are tried")).hasSizeGreaterThan(8).allSatisfy(cell -> assertThat(
                        names(cell).stream().filter(tests::contains))
                .allMatch(part::contains, "runs in .ci/parts/security"));
    }

    @Test
    void noTestIsNamedThatThereIsNot() {
        assertThat(names(page).stream().filter(name -> name.matches("[A-Za-z]+Test")))
                .isNotEmpty()
                .allMatch(tests::contains, "is a test");
    }
}

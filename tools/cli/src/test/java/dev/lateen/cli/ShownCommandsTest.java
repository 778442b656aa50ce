package dev.lateen.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each command of ours that a page or a runbook shows is one that there is, with these options. */
class ShownCommandsTest {
    private static final Path ROOT = Path.of("..", "..");
    private static final List<String> PAGES = List.of(
            "README.md",
            "ARCHITECTURE.md",
            "CONTRIBUTING.md",
            "SECURITY.md",
            "CHANGELOG.md",
            "docs/api.md",
            "docs/differences.md",
            "docs/faults.md",
            "docs/metrics.md",
            "tutorial/README.md",
            "deploy/prometheus/alerts.yaml");

    /** Of a sentence. */
    private static final Pattern CODE = Pattern.compile("`(?:\\./)?lateen ([^`\n]+)`");

    private static final Pattern BLOCK = Pattern.compile("^```.*?^```", Pattern.MULTILINE | Pattern.DOTALL);
    /** Of a block; istioctl is another name of ours. */
    private static final Pattern LINE = Pattern.compile("(?:\\./lateen|\\(istioctl) ([^)\n]+)");

    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)");

    static Stream<Arguments> commands() throws IOException {
        List<Arguments> all = new ArrayList<>();
        for (String page : PAGES) {
            String text = Files.readString(ROOT.resolve(page));
            Stream<MatchResult> inBlocks = BLOCK.matcher(text).results().flatMap(block -> LINE.matcher(block.group())
                    .results());
            Stream.concat(CODE.matcher(text).results(), inBlocks)
                    .map(found -> Arguments.of(page, found.group(1)))
                    .forEach(all::add);
        }
        return all.stream();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("commands")
    void isOneThatThereIs(String page, String command) {
        assertThatCode(() -> Main.commandLine().parseArgs(words(command))).doesNotThrowAnyException();
    }

    @Test
    void theyAreFound() throws IOException {
        assertThat(commands().map(each -> String.valueOf(each.get()[1])))
                .hasSizeGreaterThan(30)
                .contains("demo", "up", "kube-inject -f tutorial/canary.yaml", "tap SERVICE --match status=5*");
    }

    /** The words of a shell's line up to where its output goes. */
    private static String[] words(String command) {
        return WORD.matcher(command.replaceFirst(" [>|#].*", ""))
                .results()
                .map(word ->
                        word.group(1) != null ? word.group(1) : word.group(2) != null ? word.group(2) : word.group())
                .toArray(String[]::new);
    }
}

package dev.lateen.proxycore.format;

import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A compiled text with commands: {@code %COMMAND(argument):length%}, with {@code %%} for a percent sign (Envoy
 * documentation, "Substitution formatter"). Used for access logs, and for values of headers that rules add.
 *
 * <p>Immutable and thread-safe. Text is bytes as in heads: one character each.
 */
public final class Format {
    private final List<Piece> pieces;
    private final @Nullable String literal;

    private Format(List<Piece> pieces) {
        this.pieces = List.copyOf(pieces);
        if (pieces.isEmpty()) {
            literal = "";
        } else {
            literal = pieces.size() == 1 && pieces.getFirst() instanceof Piece.Literal(var only) ? only : null;
        }
    }

    /** Parses a format; a command that is not there is refused by name, with the reason where Envoy has it. */
    public static Format parse(String text, Place at) throws CompileException {
        return new Format(FormatParser.pieces(ByteText.of(text), at));
    }

    /** The names of all commands that are there. */
    public static Set<String> commands() {
        Set<String> commands = new HashSet<>(FormatParser.OF_HEADS);
        Arrays.stream(Operator.values()).map(Operator::name).forEach(commands::add);
        return commands;
    }

    /** A format without commands, in which {@code %} stands for itself. */
    public static Format literal(String text) {
        return bytes(ByteText.of(text));
    }

    /** A format without commands that gives these bytes, one for each character. */
    public static Format bytes(String byteText) {
        return new Format(byteText.isEmpty() ? List.of() : List.of(new Piece.Literal(byteText)));
    }

    /** The text for this stream; {@code missing} stands for each command without a value: {@code -} in access logs. */
    public String render(FormatContext context, String missing) {
        if (literal != null) {
            return literal;
        }
        StringBuilder out = new StringBuilder(128);
        render(context, missing, out);
        return out.toString();
    }

    /** Appends the text for this stream. */
    public void render(FormatContext context, String missing, StringBuilder out) {
        for (int i = 0; i < pieces.size(); i++) { // for each line of a log
            String value = pieces.get(i).value(context);
            out.append(value == null ? missing : value);
        }
    }

    /** Whether the format is exactly one command: its value is then the value of a JSON log's key as such. */
    public boolean isSingleCommand() {
        return pieces.size() == 1 && literal == null;
    }

    /** The text for this stream of a format that is exactly one command; null when it has no value. */
    public @Nullable String single(FormatContext context) {
        return pieces.getFirst().value(context);
    }

    /** Whether the format is exactly one command whose value is a number. */
    public boolean isNumber() {
        return pieces.size() == 1
                && pieces.getFirst() instanceof Piece.Command(var _, var source, var _)
                && source.isNumber();
    }

    /** The facts of the stream that this format asks for. */
    public List<Operator> operators() {
        List<Operator> operators = new ArrayList<>();
        for (Piece piece : pieces) {
            if (piece instanceof Piece.Command(var _, var source, var _)) {
                operators.addAll(source.operators());
            }
        }
        return operators.stream().distinct().toList();
    }

    /** The format, for people. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        pieces.forEach(text::append);
        return ByteText.decode(text.toString());
    }
}

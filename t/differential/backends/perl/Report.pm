package Report;
# What the Perl back ends share: the same list of [place, name, value] as in report.py.
use strict;
use warnings;
use JSON::PP ();
use MIME::Base64 qw(decode_base64);

my $json = JSON::PP->new->utf8->allow_nonref;
my %wrappers = map { $_ => 1 } qw(query header cookie form multipart);

sub new { bless {seen => []}, shift }

# Notes a value, and what is nested in it. A list counts as its elements.
sub add {
    my ($self, $place, $name, $value) = @_;
    if (ref $value eq 'ARRAY') {
        $self->add($place, $name, $_) for @$value;
    } elsif (ref $value eq 'HASH') {
        $self->add($place, length $name ? "$name.$_" : $_, $value->{$_}) for keys %$value;
    } elsif (defined $value) {
        push @{$self->{seen}}, [$place, "$name", "$value"];
        $self->wrapped($place, "$value") if $wrappers{$place};
    }
}

# A value that is a JSON object, as applications open it.
sub wrapped {
    my ($self, $place, $text) = @_;
    return unless $text =~ /^\s*\{/;
    my $document = eval { $json->decode($text) };
    $self->add("$place-json", '', $document) if ref $document eq 'HASH';
}

# JSON has types: there a list is something else than its elements.
sub document {
    my ($self, $name, $value) = @_;
    my $member = sub { length $name ? "$name.$_[0]" : $_[0] };
    if (ref $value eq 'ARRAY') {
        $self->document($member->($_), $value->[$_]) for 0 .. $#$value;
    } elsif (ref $value eq 'HASH') {
        $self->document($member->($_), $value->{$_}) for keys %$value;
    } else {
        $self->add('json', $name, $value);
    }
}

sub header {
    my ($self, $name, $value) = @_;
    ($name = lc $name) =~ tr/_/-/;
    $self->add('header', $name, [$value, map { s/^\s+|\s+$//gr } split /,/, $value]);
    $self->authorization($value) if $name eq 'authorization';
}

# What lax applications take for the credentials, and both sides of Basic.
sub authorization {
    my ($self, $value) = @_;
    $self->add('credentials', '', [$value =~ /Bearer\s+(\S+)/i, $value =~ /^\s*\S+\s+(.*?)\s*$/]);
    my ($basic) = $value =~ /^\s*Basic\s+(.*)/i or return;
    my ($user, $password) = split /:/, decode_base64($basic), 2;
    $self->add('basic_user', '', $user);
    $self->add('basic_password', '', $password);
}

sub path {
    my ($self, $path) = @_;
    $self->add('path', '', [$_, (split /;/)[0]]) for split m{/}, $path;
}

sub body {
    my ($self, $text) = @_;
    $self->add('raw', '', substr $text, 0, 2000);
    eval { $self->document('', $json->decode($text)) };
}

sub text { $json->encode(shift->{seen}) }

1;

"""What every check has: clients of two accounts and of nobody, fresh buckets, and a way to say which error is due."""
import hashlib
import itertools
import os
import sys
import traceback
import urllib.error
import urllib.request

import boto3
from botocore import UNSIGNED
from botocore.client import Config
from botocore.exceptions import ClientError

url = os.environ['OORT_S3_URL']
day_seconds = float(os.environ['OORT_DAY_SECONDS'])
run = os.environ['OORT_RUN']
main_id, alt_id = 'a' * 64, 'b' * 64
keys = {'main': ('AKIAMAIN', 'main secret'), 'alt': ('AKIAALT', 'alt secret')}


def client(who='main', version='s3v4', **more):
    config = Config(signature_version=UNSIGNED if who is None else version, s3={'addressing_style': 'path'}, retries={'max_attempts': 0}, **more)
    access, secret = (None, None) if who is None else keys[who]
    return boto3.client('s3', endpoint_url=url, region_name='us-east-1', aws_access_key_id=access, aws_secret_access_key=secret, config=config)


main, alt, nobody, main_v2 = client(), client('alt'), client(None), client(version='s3')
numbers = itertools.count(1)


def bucket(open_to_lists=False, versioned=False, ownership='ObjectWriter', **more):
    name = f'{run}-{next(numbers)}'
    if open_to_lists:
        main.create_bucket(Bucket=name, ObjectOwnership=ownership, **more)
        main.delete_public_access_block(Bucket=name)
    else:
        main.create_bucket(Bucket=name, **more)
    if versioned:
        main.put_bucket_versioning(Bucket=name, VersioningConfiguration={'Status': 'Enabled'})
    return name


def code(call, *args, **kwargs):
    """`404 NoSuchKey`, or `ok`."""
    try:
        call(*args, **kwargs)
        return 'ok'
    except ClientError as error:
        return f"{error.response['ResponseMetadata']['HTTPStatusCode']} {error.response['Error']['Code']}"


def refused(expected, call, *args, **kwargs):
    same(code(call, *args, **kwargs), expected)


def same(found, expected):
    if found != expected:
        raise AssertionError(f'{found!r} and not {expected!r}')


def body(of, who=None):
    return (who or main).get_object(**of)['Body'].read()


def http(method, address, data=None, headers=None):
    """Status, body and headers, of a request that no SDK made."""
    request = urllib.request.Request(address, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def md5(data):
    return hashlib.md5(data).hexdigest()


checks = []


def check(*cases):
    """Registers a function; with cases once for each, which it is given."""
    def register(function):
        for case in cases or [()]:
            case = case if isinstance(case, tuple) else (case,)
            name = function.__name__.replace('_', ' ')
            checks.append((name + ''.join(f', {part}' for part in case if isinstance(part, (str, int, bool))), function, case))
        return function
    return register


def run_all(only=None):
    passed, failed = 0, 0
    for name, function, case in checks:
        if only and only not in name:
            continue
        try:
            function(*case)
            passed += 1
        except Exception as error:  # a check that fails must not end the others
            failed += 1
            where = traceback.extract_tb(error.__traceback__)[-1 if not isinstance(error, AssertionError) else -2]
            own = [frame for frame in traceback.extract_tb(error.__traceback__) if '/checks/' in frame.filename and 'harness' not in frame.filename]
            place = own[-1] if own else where
            print(f'FAIL  {name} ({os.path.basename(place.filename)}:{place.lineno}): {type(error).__name__}: {str(error)[:400]}', flush=True)
    print(f'RESULT boto3 {boto3.__version__} {passed} {failed}', flush=True)
    return failed


def only_asked():
    return sys.argv[1] if len(sys.argv) > 1 else None
